// Where tests keep what takes long to make: outside the checkout, so that it outlives it.

export const TEST_CACHE = process.env.WASPREY_TEST_CACHE ?? '/var/cache/wasprey-test';
