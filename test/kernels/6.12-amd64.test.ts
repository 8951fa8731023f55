import { testGuest } from './test-guest.ts';

testGuest('6.12-amd64', 'kernels');
