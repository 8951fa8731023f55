// Disk images: a folder as an ext4 file system in a file.

import { run } from './debian.ts';

/** Room that a guest has beyond what is there. */
const FREE_MB = 1024;

/** The image is sparse. It has no journal: a guest's writes are thrown away when it ends. */
export async function makeDiskImage(folder: string, image: string): Promise<void> {
  const used = Number((await run('du', ['-sm', folder])).split('\t')[0]);
  const size = `${Math.ceil(used * 1.1) + FREE_MB}M`;
  await run('mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal', '-m', '0', '-d', folder, image, size]);
}
