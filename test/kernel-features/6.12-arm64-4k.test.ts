import { testGuest } from '../kernels/test-guest.ts';

testGuest('6.12-arm64-4k', 'kernel-features');
