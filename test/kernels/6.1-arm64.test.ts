import { testGuest } from './test-guest.ts';

testGuest('6.1-arm64', 'kernels');
