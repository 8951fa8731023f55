// Loaded before a test file: marks all that it starts, for file-limit.ts.

process.env.WASPREY_TEST_FILE = process.argv[1];
