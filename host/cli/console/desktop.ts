// Finds a desktop to open the page on, and its user.

import { readFileSync } from 'node:fs';
import { findProgram } from '../../setup/find-program.mjs';

const OPENER = 'xdg-open';

/** What is passed on to a browser of another user than the one who runs the command. */
const PASSED_ON = /^(PATH|LANG|LC_\w+|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|XDG_\w+|DESKTOP_SESSION)$/;

type Environment = Readonly<Record<string, string | undefined>>;

/** Who runs the command, and where. */
export interface Caller {
  readonly environment: Environment;
  /** Who reads the address is a person, and no script. */
  readonly isInteractive: boolean;
  readonly uid: number;
}

export interface Desktop {
  /** Path of the program that opens an address in the user's browser. */
  readonly opener: string;
  readonly environment: Environment;
  /** The desktop's user. */
  readonly uid: number;
  /** The opener is started as that user: root's browser would be a poor idea. */
  readonly gid?: number;
}

/**
 * Undefined: there is none. A display of another machine (X by ssh) does not count: a browser of this machine is not what one wants there. Root has a
 * desktop by sudo alone: that of the user who called it.
 */
export function desktopOf({ environment, isInteractive, uid }: Caller): Desktop | undefined {
  const { DISPLAY: display = '', WAYLAND_DISPLAY: wayland = '', SUDO_UID: sudoUid, SUDO_GID: sudoGid } = environment;
  if (!isInteractive || !(display.startsWith(':') || wayland !== '')) return undefined;
  const opener = findProgram(OPENER, environment.PATH);
  if (opener === undefined) return undefined;
  if (uid !== 0) return { opener, environment, uid };
  const [user, group] = [idOf(sudoUid), idOf(sudoGid)];
  if (user === undefined || group === undefined) return undefined;
  return { opener, environment: environmentOf(user, environment), uid: user, gid: group };
}

/** The id of a user or group; undefined for root's. */
function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}

/** What sudo has removed of it, and root's own replaced. */
function environmentOf(uid: number, environment: Environment): Environment {
  const passedOn = Object.fromEntries(Object.entries(environment).filter(([name]) => PASSED_ON.test(name)));
  const runtime = `/run/user/${uid}`;
  const home = homeOf(uid);
  return {
    ...passedOn,
    ...(home !== undefined && { HOME: home }),
    XDG_RUNTIME_DIR: runtime,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus`,
  };
}

function homeOf(uid: number): string | undefined {
  try {
    const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
    return accounts.map((line) => line.split(':')).find(([, , id]) => id === String(uid))?.[5];
  } catch {
    return undefined;
  }
}
