// The facilities of syslog, with their numbers (RFC 5424).

const NUMBERS = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;

export type Facility = keyof typeof NUMBERS;

export const FACILITIES = Object.keys(NUMBERS) as readonly Facility[];

export function facilityNumber(facility: Facility): number {
  return NUMBERS[facility];
}
