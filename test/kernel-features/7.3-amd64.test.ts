import { testGuest } from '../kernels/test-guest.ts';

testGuest('7.3-amd64', 'kernel-features');
