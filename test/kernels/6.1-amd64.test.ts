import { testGuest } from './test-guest.ts';

testGuest('6.1-amd64', 'kernels');
