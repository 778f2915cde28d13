import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { ScrapeConfig } from '../../lib/control/config/types.ts'
import type { DiscoveryConfig } from '../../lib/control/discovery/provider.ts'
import type { StaticConfig } from '../../lib/control/discovery/static.ts'

/** A directory of its own for one test, with files in it; removed afterwards. */
export async function configDir(t: ExecutionContext, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'penstock-test-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  return directory
}

/** All targets that a configuration itself writes down. */
export function staticTargets(config: ScrapeConfig): string[] {
  const isStatic = (entry: DiscoveryConfig): entry is StaticConfig => entry.kind === 'static_configs'
  return config.jobs.flatMap(job => job.discovery.filter(isStatic).flatMap(({ group }) => group.targets))
}
