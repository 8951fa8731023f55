// Who the package is from.

export const MAINTAINER = 'Wasprey maintainers <maintainers@wasprey.invalid>';
