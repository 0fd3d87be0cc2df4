import { HttpError } from "fresh";
import { parseAction } from "../../../lib/domain/action.ts";
import { type ClientId, parseClientId } from "../../../lib/domain/client_id.ts";
import { MAX_LIMIT } from "../../../lib/feed/client_query.ts";
import { ParamError } from "../../../lib/feed/query_params.ts";
import { actionAnswer } from "../../../lib/web/action_answer.ts";
import { act } from "../../../lib/web/actions.ts";
import { define } from "../../../lib/web/state.ts";

/** An id is 36 characters; a form adds a few. */
const MAX_BODY_BYTES = MAX_LIMIT * 64;

/**
 * `pause`, `resume` or `snapshot` for many clients: `{"ids": […]}` as JSON, or
 * `id` fields of a form. Answers with the ids that it concerned; those that are
 * unknown, or not in need of it, are left out.
 */
export const handler = define.handlers({
  async POST(ctx) {
    const action = parseAction(ctx.params.action ?? "");
    if (action === null) throw new HttpError(404);
    const changed = act(action, await readIds(ctx.req), ctx);
    return actionAnswer(ctx.req, { changed });
  },
});

async function readIds(req: Request): Promise<ClientId[]> {
  const length = Number(req.headers.get("Content-Length") ?? NaN);
  if (!(length <= MAX_BODY_BYTES)) {
    throw new HttpError(413, `Too much: send up to ${MAX_LIMIT} ids`);
  }
  const type = req.headers.get("Content-Type") ?? "";
  const texts: unknown = /^application\/json\b/.test(type)
    ? (await readJson(req))?.ids
    : new URLSearchParams(await req.text()).getAll("id");
  if (!Array.isArray(texts) || texts.length > MAX_LIMIT) {
    throw new ParamError(
      `Unusable body: send {"ids": ["ID"]} with up to ${MAX_LIMIT} ids`,
    );
  }
  return texts.map((text) => {
    const id = typeof text === "string" ? parseClientId(text) : null;
    if (id !== null) return id;
    throw new ParamError(`"${text}" is no client id: an id is a UUID`);
  });
}

async function readJson(req: Request): Promise<{ ids?: unknown } | null> {
  try {
    return await req.json();
  } catch (error) {
    throw new ParamError("Cannot read the body: it is no JSON", {
      cause: error,
    });
  }
}
