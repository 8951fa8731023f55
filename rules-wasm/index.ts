// All operators, for editors and for checking them alone (`npx asc`, by asconfig.json). Rule modules import the files they need.

export * from './address';
export * from './audit';
export * from './base64';
export * from './descriptor';
export * from './generated/accessors';
export * from './given';
export * from './list';
export * from './names';
export * from './number';
export * from './path';
export * from './process';
export * from './text';
export * from './view';
