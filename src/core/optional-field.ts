// A field that is left out where its value is undefined: for the exact optional fields of other people's options. Sealed.

/** `{ [name]: value }`, or nothing. */
export const field = <K extends string, V>(name: K, value: V | undefined): { readonly [key in K]?: V } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [key in K]?: V });
