// What the tests of discovery share: an owner of a discoverer that notes all that it is told.
import type { ExecutionContext } from 'ava'
import { DEFAULT_SCRAPE_OPTIONS } from '../../lib/control/config/types.ts'
import type { Discoverer, DiscoveryContext, TargetGroup } from '../../lib/control/discovery/provider.ts'
import { Limiter } from '../../lib/control/limiter.ts'

export function discoveryContext(): DiscoveryContext {
  return {
    options: { ...DEFAULT_SCRAPE_OPTIONS, env: { NAME: 'from-env' } },
    traffic: { requests: 0, retries: 0 },
    lookups: new Limiter(2),
  }
}

export type Discovering = {
  readonly discoverer: Discoverer
  readonly told: readonly (readonly TargetGroup[])[]
  readonly problems: readonly string[]
  /** Resolves after the first attempt. */
  readonly started: Promise<void>
  /** Those that were told last. */
  targets(): readonly string[]
  /** Resolves once `isSo` holds, looking whenever something is told; the timeout of the test file is the limit. */
  until(isSo: () => boolean): Promise<void>
  /** Resolves once the targets are these. */
  becomes(...targets: readonly string[]): Promise<void>
}

/** Starts a discoverer; it is closed when the test ends. */
export function discovering(t: ExecutionContext, discoverer: Discoverer): Discovering {
  const told: (readonly TargetGroup[])[] = []
  const problems: string[] = []
  let wake = () => {}
  t.teardown(() => discoverer.close())
  const started = discoverer.start({
    onGroups: groups => {
      told.push(groups)
      wake()
    },
    onProblem: problem => {
      problems.push(problem)
      wake()
    },
  })
  const targets = () => told.at(-1)?.flatMap(group => group.targets) ?? []
  const until = async (isSo: () => boolean) => {
    while (!isSo()) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  const becomes = (...wanted: readonly string[]) => until(() => JSON.stringify(targets()) === JSON.stringify(wanted))
  return { discoverer, told, problems, started, targets, until, becomes }
}
