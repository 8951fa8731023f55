export async function writeManPages(_folder: string): Promise<void> {}
export async function writeCompletions(_folder: string): Promise<void> {}
