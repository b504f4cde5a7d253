import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureInstall, projectDir } from './ensure-install.mjs'
import { runPinnedNode } from './run-pinned-node.mjs'

await ensureInstall()
const folder = mkdtempSync(join(tmpdir(), 'perdura-results-'))
const resultsFile = join(folder, 'results.json')
try {
  const code = await runPinnedNode(vitestArguments(process.argv.slice(2)))
  process.exitCode = closeWith(countResults(), code)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function vitestArguments(args) {
  const vitest = join(projectDir, 'node_modules', 'vitest', 'vitest.mjs')
  const shown = args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default']
  return [vitest, 'run', ...shown, '--reporter=json', `--outputFile.json=${resultsFile}`, ...args]
}

function countResults() {
  try {
    const results = JSON.parse(readFileSync(resultsFile, 'utf8'))
    return { passed: results.numPassedTests, failed: results.numFailedTests + countBrokenFiles(results) }
  } catch {
    // The run ended before it could write: interrupted, or no test file was found.
    return { passed: 0, failed: 0 }
  }
}

/** Counts the files that failed without a failed test, as one that does not load. */
function countBrokenFiles({ testResults }) {
  const isBroken = ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((one) => one.status === 'failed')
  return testResults.filter(isBroken).length
}

/** Prints the closing line and returns the exit code: a run without a single test is not a success. */
function closeWith({ passed, failed }, code) {
  const shownFailed = code === 0 ? failed : Math.max(failed, 1)
  console.log(`${passed} passed, ${shownFailed} failed`)
  if (code !== 0) return code
  return failed > 0 || passed === 0 ? 1 : 0
}
