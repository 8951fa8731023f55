import { testGuest } from '../kernels/test-guest.ts';

testGuest('7.3-arm64', 'kernel-features');
