import { testGuest } from './test-guest.ts';

testGuest('6.12-arm64', 'kernels');
