import type { Label } from '../../shared/target.ts'
import { hashToBigInt, xxhash64 } from '../../shared/xxhash64.ts'
import type { ClusterOptions } from './config/types.ts'

/** One of the agents that share targets. `url` leads to it; empty if that is not known. */
export type ClusterMember = { readonly number: number; readonly url: string }

/** Shares targets out among the members of a cluster, as vmagent does it. */
export class Cluster {
  readonly #options: ClusterOptions
  readonly #size: number
  readonly #shares = new Map<number, readonly ClusterMember[]>()

  constructor(options: ClusterOptions) {
    this.#options = options
    this.#size = Math.max(options.membersCount, 1)
  }

  /**
   * The members that scrape the target with these labels: the one that the labels hash to, and as many next ones as there
   * are replicas.
   *
   * @param labels after relabeling, internal ones included
   */
  membersFor(labels: readonly Label[]): readonly ClusterMember[] {
    const first = this.#size === 1 ? 0 : this.#firstFor(labels)
    let share = this.#shares.get(first)
    if (share === undefined) {
      const replicas = Math.min(Math.max(this.#options.replicationFactor, 1), this.#size)
      share = Array.from({ length: replicas }, (_, next) => this.#member((first + next) % this.#size))
      this.#shares.set(first, share)
    }
    return share
  }

  /** Whether this agent is one of them. */
  isOneOf(members: readonly ClusterMember[]): boolean {
    return members.some(({ number }) => number === this.#options.memberNum)
  }

  #firstFor(labels: readonly Label[]): number {
    const present = labels.filter(({ name, value }) => name !== '' && value !== '')
    const chosen = present.filter(({ name }) => this.#options.shardByLabels.includes(name))
    const deciding = (chosen.length > 0 ? chosen : present).sort((a, b) => (a.name < b.name ? -1 : 1))
    const hash = xxhash64(deciding.map(({ name, value }) => `${name}=${value},`).join(''))
    return Number(hashToBigInt(hash) % BigInt(this.#size))
  }

  #member(number: number): ClusterMember {
    return { number, url: this.#options.memberUrlTemplate.replaceAll('%d', String(number)) }
  }
}
