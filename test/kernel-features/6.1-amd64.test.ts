import { testGuest } from '../kernels/test-guest.ts';

testGuest('6.1-amd64', 'kernel-features');
