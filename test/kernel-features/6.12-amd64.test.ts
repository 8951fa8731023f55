import { testGuest } from '../kernels/test-guest.ts';

testGuest('6.12-amd64', 'kernel-features');
