// The address of what is shown: #/now?words=shell, #/alert/INSTANCE/12, so that it can be bookmarked and passed on.

import { Signal } from './signal.ts';

export interface Route {
  readonly view: string;
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

export const route = new Signal<Route>(read());

window.addEventListener('hashchange', () => {
  route.value = read();
});

function read(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  const [view = '', ...parts] = path.split('/').map(decoded);
  return { view: view === '' ? 'now' : view, parts, query: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Shows another address in the place of the present one. */
export function replaceAddress(hash: string): void {
  history.replaceState(null, '', hash);
  route.value = read();
}

/** Changes a value of the query of the address, without a step back to what was there before. @param value empty: it has none */
export function setQueryValue(name: string, value: string): void {
  const query = new URLSearchParams(route.value.query);
  if ((query.get(name) ?? '') === value) return;
  if (value === '') query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  const path = location.hash.split('?', 1)[0] || '#/now';
  replaceAddress(text === '' ? path : `${path}?${text}`);
}
