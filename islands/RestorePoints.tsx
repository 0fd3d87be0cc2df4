import { useSignal } from "@preact/signals";
import { IS_BROWSER } from "fresh/runtime";
import { useEffect } from "preact/hooks";
import type {
  RestoreOptionJson,
  RestoreOptionsAnswer,
} from "../lib/replica/seed_shapes.ts";
import { CopyButton } from "../lib/ui/CopyButton.tsx";
import { ago, bytes, counted } from "../lib/ui/format.ts";
import { PointStrip } from "../lib/ui/PointStrip.tsx";
import { exact } from "../lib/ui/Time.tsx";

interface Props {
  clientId: string;
  /** Null when the bucket took too long for the page to wait. */
  answer: RestoreOptionsAnswer | null;
  /** Why there is no answer. */
  failure: string | null;
  now: number;
  locale: string;
}

const MINUTE = 60_000;
const ZOOMS = [
  ["1 hour", 60 * MINUTE],
  ["1 day", 1_440 * MINUTE],
  ["1 week", 10_080 * MINUTE],
] as const;
const LISTED = 12;

/** What a client can be restored to, and the command that does it. */
export default function RestorePoints(props: Props) {
  const { clientId, now, locale } = props;
  const answer = useSignal(props.answer);
  const failure = useSignal(props.failure);
  const loading = useSignal(props.answer === null && props.failure === null);

  const load = async () => {
    loading.value = true;
    failure.value = null;
    try {
      const response = await fetch(`/api/client/${clientId}/restore-options`, {
        signal: AbortSignal.timeout(35_000),
      });
      const told = await response.json();
      if (!response.ok) throw new Error(told.detail ?? told.title);
      answer.value = told;
    } catch (error) {
      failure.value = error instanceof Error ? error.message : String(error);
    } finally {
      loading.value = false;
    }
  };
  useEffect(() => {
    const { answer, failure } = props;
    const complete = answer?.restoreOptions.length === answer?.totalOptions;
    if (failure === null && (answer === null || !complete)) load();
  }, []);

  return (
    <section class="panel restore" aria-labelledby="restore">
      <h2 id="restore">Restore</h2>
      {failure.value !== null && (
        <div class="bad-text" role="alert">
          <p>{failure}</p>
        </div>
      )}
      {loading.value && answer.value === null && (
        <Waiting
          clientId={clientId}
        />
      )}
      {answer.value !== null && (
        <Points answer={answer.value} now={now} locale={locale} />
      )}
      {IS_BROWSER && !loading.value && (
        <button type="button" class="plain" onClick={load}>
          Ask the bucket again
        </button>
      )}
    </section>
  );
}

/** Where the points will stand. */
function Waiting({ clientId }: { clientId: string }) {
  return (
    <>
      <div class="skeleton" aria-hidden="true" />
      <p class="none" role="status">Reading what the bucket holds</p>
      {!IS_BROWSER && (
        <noscript>
          <a href={`/clients/${clientId}?wait=1`}>
            Wait for the restore points
          </a>
        </noscript>
      )}
    </>
  );
}

function Points({ answer, now, locale }: {
  answer: RestoreOptionsAnswer;
  now: number;
  locale: string;
}) {
  const all = answer.restoreOptions;
  const zoom = useSignal<number>(Infinity);
  const chosenId = useSignal<string | null>(null);
  const within = all.filter(({ timestamp }) =>
    now - Date.parse(timestamp) <= zoom.value
  );
  const points = within.length === 0 ? all : within;
  const chosen = points.find(({ id }) => id === chosenId.value) ?? points[0];
  if (chosen === undefined) {
    return (
      <p>
        There is nothing to restore yet. The first restore point appears with
        the first upload.
      </p>
    );
  }
  const span = now - Date.parse(all.at(-1)!.timestamp);
  const newest = now - Date.parse(all[0]!.timestamp);
  const zooms = ZOOMS.filter(([, length]) => newest <= length && length < span);
  const oldestFirst = points.toReversed();
  const at = oldestFirst.indexOf(chosen);
  const choose = (point: RestoreOptionJson) => chosenId.value = point.id;
  const near = points.slice(
    Math.max(0, points.indexOf(chosen) - LISTED / 2),
  ).slice(0, LISTED);
  return (
    <>
      <p>
        {counted(answer.totalOptions, "restore point", locale)}, the newest{" "}
        {ago(now - Date.parse(all[0]!.timestamp))}.{" "}
        Each is a state that stands in the bucket; there is nothing in between.
      </p>
      {IS_BROWSER && all.length > 1 && (
        <>
          {zooms.length > 0 && (
            <div class="zooms" role="group" aria-label="Shown time">
              {[...zooms, ["All", Infinity] as const].map(([label, span]) => (
                <button
                  key={label}
                  type="button"
                  class="plain"
                  aria-pressed={zoom.value === span}
                  onClick={() =>
                    zoom.value = span}
                >
                  {label}
                </button>
              ))}
            </div>
          )}
          <PointStrip
            points={oldestFirst}
            chosen={chosen}
            now={now}
            onChoose={choose}
          />
          <input
            type="range"
            min={0}
            max={oldestFirst.length - 1}
            value={at}
            aria-label="Restore point"
            aria-valuetext={exact(Date.parse(chosen.timestamp), locale)}
            onInput={(event) => {
              const point = oldestFirst[Number(event.currentTarget.value)];
              if (point !== undefined) choose(point);
            }}
          />
        </>
      )}
      <div class="command">
        <p>
          <strong>{exact(Date.parse(chosen.timestamp), locale)}</strong>{" "}
          <span class="none">
            {chosen.description}, {bytes(chosen.size, locale)}
          </span>
        </p>
        <pre id="command" tabIndex={0}>{chosen.command}</pre>
        <CopyButton text={chosen.command} from="command" />
        <p class="none">
          Works without this program, with the credentials of the bucket in the
          environment. It writes a new file and never touches the database.
        </p>
      </div>
      <details open={!IS_BROWSER}>
        <summary>Points around it</summary>
        <ol class="points">
          {near.map((point) => (
            <li key={point.id} aria-current={point === chosen}>
              <time dateTime={point.timestamp}>
                {exact(Date.parse(point.timestamp), locale)}
              </time>{" "}
              <span>{point.description}</span>
              {IS_BROWSER
                ? (
                  <button
                    type="button"
                    class="plain"
                    onClick={() => choose(point)}
                  >
                    Choose
                  </button>
                )
                : <code>{point.command}</code>}
            </li>
          ))}
        </ol>
      </details>
    </>
  );
}
