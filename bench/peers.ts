import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The programs that Penstock is compared and tested with, in the folder that `../shared/peers/get-peers.sh` fills. */
const PEERS = {
  vmagent: 'sid/usr/bin/vmagent',
  victoriaMetrics: 'sid/usr/bin/victoria-metrics',
  prometheus: 'sid/usr/bin/prometheus',
  nodeExporter: 'stable/usr/bin/prometheus-node-exporter',
} as const
export type Peer = keyof typeof PEERS

/** Where a peer should be: in `PENSTOCK_PEERS`, or else in `~/.cache/penstock-peers`. */
export function peerPath(peer: Peer): string {
  return join(process.env.PENSTOCK_PEERS ?? join(homedir(), '.cache/penstock-peers'), PEERS[peer])
}

/** Whether a peer is there and may be run. */
export function hasPeer(peer: Peer): boolean {
  try {
    accessSync(peerPath(peer), constants.X_OK)
    return true
  } catch {
    return false
  }
}
