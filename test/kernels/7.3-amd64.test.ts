import { testGuest } from './test-guest.ts';

testGuest('7.3-amd64', 'kernels');
