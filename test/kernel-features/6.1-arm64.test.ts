import { testGuest } from '../kernels/test-guest.ts';

testGuest('6.1-arm64', 'kernel-features');
