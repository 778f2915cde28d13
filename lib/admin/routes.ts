import { CONFIG_ROUTES } from './routes/config.ts'
import { PROCESS_ROUTES } from './routes/process.ts'
import { RELABEL_DEBUG_ROUTES } from './routes/relabel-debug.ts'
import type { Route } from './routes/route.ts'
import { TARGET_ROUTES } from './routes/targets.ts'

/** All paths of the server. */
export const ROUTES: readonly Route[] = [...PROCESS_ROUTES, ...CONFIG_ROUTES, ...TARGET_ROUTES, ...RELABEL_DEBUG_ROUTES]
