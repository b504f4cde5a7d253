import { constants, access, mkdir } from 'node:fs/promises'

import { StartError } from './start-error.ts'

/**
 * Makes the folder for everything local, or makes sure that the existing one can be used.
 * @throws StartError when it belongs to another account
 */
export async function openHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true })
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new StartError(
      `${home} cannot be written: it belongs to another account, perhaps to root after a start as root. ` +
        'Start as that account, or give the folder to yours with chown.',
      { cause },
    )
  }
}
