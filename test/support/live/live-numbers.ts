// Numbers of Linux that live tests pass to system calls.

export * from '../../../host/generate/actions/numbers.ts';
