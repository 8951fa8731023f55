// How often the agent reports the same thing about itself. What happens meanwhile is counted, and stands in the next alert.

/** The least time between two alerts. */
export const ALERT_APART_MS = 30_000;

/** Whether enough time has passed since the last one. The clock may have been set back. */
export function isDue(now: number, reportedAt: number): boolean {
  return now < reportedAt || now - reportedAt >= ALERT_APART_MS;
}
