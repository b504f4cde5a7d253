const variable = 'STARTED_BY_PERDURA'

/** The variable that every part of a clone carries, so that a later start can tell its own from strangers. */
export function markerEnv(home: string): NodeJS.ProcessEnv {
  return { [variable]: `[${home}]` }
}

/** The text that stands in the environment of every part of a clone. */
export function markerText(home: string): string {
  return `${variable}=[${home}]`
}
