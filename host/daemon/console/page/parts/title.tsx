// The title of a view. It gets the focus when the user switches views, so that a screen reader announces the view.

import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { route } from '../state/route.ts';

let isAwaited = false;
let hasNavigated = false;
let place = placeOf();

window.addEventListener('hashchange', () => {
  // Filters change the address, too.
  if (placeOf() === place) return;
  place = placeOf();
  isAwaited = true;
  hasNavigated = true;
});

function placeOf(): string {
  const { view, parts } = route.value;
  return [view, ...parts].join('/');
}

export function Title({ children }: { readonly children: ComponentChildren }): VNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // The title of what was loading is gone, and the focus with it.
    const isLost = hasNavigated && document.activeElement === document.body;
    if (isAwaited || isLost) heading.current?.focus();
    isAwaited = false;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}
