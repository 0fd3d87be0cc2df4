/**
 * The JSON API, asked through the built application. The manager is made up,
 * its registry is the real one; what a real manager fills in is tested in
 * browser_test.ts and command_line_test.ts.
 * @module
 */
import assert from "node:assert/strict";
import type { Drill } from "../lib/domain/drill.ts";
import { BuiltApp, builtFetch } from "./support/built_app.ts";
import { EventReader } from "./support/event_reader.ts";
import {
  addTrouble,
  FakeManager,
  idOf,
  runUpCosts,
} from "./support/fake_manager.ts";

const json = async (response: Response | Promise<Response>) =>
  await (await response).json();

Deno.test("status tells all clients, in the shape of the program before", async () => {
  using app = await BuiltApp.create();
  const ids = app.manager.fill(1_203);
  app.manager.change(ids[0]!);
  const response = await app.ask("/api/status");
  assert.equal(response.headers.get("Content-Type"), "application/json");
  const status = await json(response);
  assert.equal(status.bucket, "s3://backups");
  assert.deepEqual(status.watchDirs, ["/srv/tenants"]);
  assert.equal(status.totalClients, 1_203);
  assert.equal(status.activeClients, 1_202);
  assert.equal(status.counts.syncing, 1);
  assert.equal(status.awake, 1);
  assert.equal(status.asleep, 1_202);
  assert.match(status.uptime, /^\d+s$/);
  assert.equal(status.daemon.version, "0.5.17");
  const listed = status.clients.map((client: { clientId: string }) =>
    client.clientId
  );
  assert.deepEqual(listed, [...ids].sort());
  const changed = status.clients.find((client: { clientId: string }) =>
    client.clientId === ids[0]
  );
  assert.equal(changed.status, "syncing");
  assert.equal(changed.s3Path, `databases/${ids[0]}`);
  assert.match(changed.createdAt, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.ok(changed.unsyncedForMs >= 0);
  assert.equal(changed.txid, "0000000000000002");
});

Deno.test("clients are searched, filtered, sorted and paged", async () => {
  using app = await BuiltApp.create();
  const ids = app.manager.fill(20);
  addTrouble(app.manager, ids.slice(-7), Date.now());
  const worst = await json(app.ask("/api/clients?limit=3"));
  assert.equal(worst.total, 20);
  assert.deepEqual(
    worst.clients.map((client: { status: string }) => client.status),
    ["failing", "failing", "conflict"],
  );
  const next = await json(
    app.ask(`/api/clients?limit=1&cursor=${worst.nextCursor}`),
  );
  assert.equal(next.clients[0].status, "blocked");
  const gone = await json(app.ask("/api/clients?status=gone"));
  assert.equal(gone.total, 1);
  assert.equal(gone.nextCursor, null);
  const found = await json(app.ask(`/api/clients?q=${ids[3]!.slice(0, 13)}`));
  assert.deepEqual([found.total, found.clients[0].clientId], [1, ids[3]]);
});

Deno.test("a client is found by its id in any case, with what happened", async () => {
  using app = await BuiltApp.create();
  const [id] = app.manager.fill(1);
  app.manager.fail(id!, "AccessDenied", "Allow s3:PutObject");
  const client = await json(app.ask(`/api/client/${id!.toUpperCase()}`));
  assert.equal(client.clientId, id);
  assert.equal(client.status, "failing");
  assert.equal(client.error, "AccessDenied");
  assert.equal(client.hint, "Allow s3:PutObject");
  assert.equal(client.history.at(-1).kind, "error");
});

Deno.test("restore options come with their commands, generations with snapshots", async () => {
  using app = await BuiltApp.create();
  const [id] = app.manager.fill(1);
  for (let n = 0; n < 11; n++) app.manager.prove(id!);
  const options = await json(app.ask(`/api/client/${id}/restore-options`));
  assert.equal(options.totalOptions, 13);
  const [newest] = options.restoreOptions;
  assert.equal(newest.timestamp, options.latestBackup);
  assert.equal(
    newest.command,
    `litestream restore -o restored.db -txid 000000000000000d 's3://backups/databases/${id}?endpoint=http%3A%2F%2F127.0.0.1%3A9000&forcePathStyle=true&region=us-east-1'`,
  );
  const { generations } = await json(app.ask(`/api/client/${id}/generations`));
  assert.equal(generations.length, 1);
  assert.ok(generations[0].snapshots.length > 0);
});

Deno.test("a bucket that cannot be read is 502 with the reason", async () => {
  using app = await BuiltApp.create();
  const [id] = app.manager.fill(1);
  app.manager.restorePoints = () =>
    Promise.reject(
      Object.assign(new Error('Cannot list "backups"'), {
        name: "ReplicaError",
        hint: "Check the credentials",
      }),
    );
  const response = await app.ask(`/api/client/${id}/restore-options`);
  assert.equal(response.status, 502);
  assert.equal(
    (await json(response)).detail,
    'Cannot list "backups". Check the credentials',
  );
});

Deno.test("errors are problems that say what would be right", async () => {
  using app = await BuiltApp.create();
  const [id] = app.manager.fill(1);
  const cases = [
    ["GET", "/api/nothing", 404, /Not Found/],
    ["GET", "/api/client/x", 404, /"x" is no client id/],
    ["GET", `/api/client/${idOf(9)}`, 404, /No client "/],
    ["GET", "/api/clients?limit=9999", 400, /Unusable limit "9999"/],
    ["GET", "/api/events?client=x", 400, /"x" is no client id/],
    ["POST", `/api/client/${idOf(9)}/pause`, 404, /No client "/],
    ["POST", "/api/clients/purge", 404, /Not Found/],
    ["GET", `/api/client/${id}/pause`, "404 or 405", /./],
    ["DELETE", "/api/status", "404 or 405", /./],
  ] as const;
  for (const [method, path, status, detail] of cases) {
    const response = await app.ask(path, { method });
    const problem = await json(response);
    const type = response.headers.get("Content-Type");
    assert.equal(type, "application/problem+json", path);
    assert.ok(String(status).includes(String(response.status)), path);
    assert.equal(problem.status, response.status);
    assert.equal(problem.type, "about:blank");
    assert.equal(problem.instance, path.split("?")[0]);
    assert.match(problem.detail, detail);
  }
});

Deno.test("an unexpected error does not tell its secrets", async () => {
  using app = await BuiltApp.create();
  const [id] = app.manager.fill(1);
  app.manager.history = () => {
    throw new Error("secret");
  };
  const response = await app.ask(`/api/client/${id}`);
  const text = await response.text();
  assert.equal(response.status, 500);
  assert.ok(!text.includes("secret"), text);
});

Deno.test("pause and resume, for one and for many", async () => {
  using app = await BuiltApp.create();
  const ids = app.manager.fill(4);
  const status = (index: number) =>
    app.manager.registry.get(ids[index]!)?.status;
  const post = (path: string, init: RequestInit = {}) =>
    app.ask(path, { method: "POST", ...init });

  const one = await json(post(`/api/client/${ids[0]}/pause`));
  assert.deepEqual([one.status, status(0)], ["paused", "paused"]);
  await json(post(`/api/client/${ids[0]}/resume`));
  assert.equal(status(0), "protected");

  const body = JSON.stringify({ ids: [ids[1], ids[2], idOf(999)] });
  const many = await json(post("/api/clients/pause", {
    body,
    headers: {
      "Content-Type": "application/json",
      "Content-Length": String(body.length),
    },
  }));
  assert.deepEqual(many.changed, [ids[1], ids[2]]);
  assert.deepEqual([status(1), status(3)], ["paused", "protected"]);
  const activity = await (await app.ask("/activity")).text();
  assert.match(activity, /Paused 2 clients/);
  assert.match(activity, /Resumed 1 client/);
});

Deno.test("a snapshot is asked for, of one and of many, but not of who cannot have one", async () => {
  using app = await BuiltApp.create();
  const { manager } = app;
  const ids = manager.fill(4);
  manager.pause(ids[1]!);
  const { path } = manager.registry.get(ids[2]!)!;
  manager.registry.discover({ kind: "lost", id: ids[2]!, path });
  const post = (path: string, init: RequestInit = {}) =>
    app.ask(path, { method: "POST", ...init });

  const one = await json(post(`/api/client/${ids[0]}/snapshot`));
  assert.equal(one.clientId, ids[0]);
  assert.deepEqual(manager.snapshots, [ids[0]]);
  for (const [id, why] of [[ids[1], /is paused/], [ids[2], /is gone/]]) {
    const response = await post(`/api/client/${id}/snapshot`);
    assert.equal(response.status, 409);
    assert.match((await json(response)).detail, why as RegExp);
  }
  const body = JSON.stringify({ ids: [...ids, ids[3], idOf(999)] });
  const many = await json(post("/api/clients/snapshot", {
    body,
    headers: {
      "Content-Type": "application/json",
      "Content-Length": String(body.length),
    },
  }));
  assert.deepEqual(many.changed, [ids[0], ids[3]]);
  assert.deepEqual(manager.snapshots, [ids[0], ids[0], ids[3]]);
  const activity = await (await app.ask("/activity")).text();
  assert.match(activity, /Asked for a snapshot of 2 clients/);
  const foreign = await post(`/api/client/${ids[0]}/snapshot`, {
    headers: { Origin: "http://evil.example" },
  });
  assert.equal(foreign.status, 403);
  await foreign.body?.cancel();
  assert.equal(manager.snapshots.length, 3);
});

Deno.test("a trial restore is asked for, and what the last one came to is told", async () => {
  using app = await BuiltApp.create();
  const { manager } = app;
  const ids = manager.fill(2);
  const post = (id: string) =>
    app.ask(`/api/client/${id}/drill`, { method: "POST" });
  assert.equal((await json(post(ids[0]!))).drill, null);
  assert.deepEqual(manager.drills, [ids[0]]);
  manager.pause(ids[1]!);
  const refused = await post(ids[1]!);
  assert.equal(refused.status, 409);
  assert.match((await json(refused)).detail, /is paused/);

  const { txid } = manager.registry.get(ids[0]!)!;
  const drill = { at: 0, result: "refuted", txid: txid!, problem: "cut off" };
  manager.registry.observe(ids[0]!, { drill: drill as Drill });
  const client = await json(app.ask(`/api/client/${ids[0]}`));
  assert.equal(client.status, "failing");
  const { hint, ...told } = client.drill;
  assert.deepEqual(told, { ...drill, at: "1970-01-01T00:00:00.000Z" });
  assert.match(hint, /uploaded anew/);
  const list = await json(app.ask("/api/clients?status=failing"));
  assert.equal(list.clients[0].drill.hint, hint);
  const { drills } = await json(app.ask("/api/status"));
  const counts = { passed: 0, refuted: 1, damaged: 0, untried: 1 };
  assert.deepEqual(drills, { ...counts, lastAt: "1970-01-01T00:00:00.000Z" });
  const about = await (await app.ask("/about")).text();
  assert.match(about, /1 did not come back, 1 not tried yet/);
  const page = await (await app.ask(`/clients/${ids[0]}`)).text();
  assert.match(page, /What a trial restore found.*cut off/s);
  manager.registry.observe(ids[0]!, {
    drill: { ...drill, result: "passed", problem: null },
  });
  const whole = await (await app.ask(`/clients/${ids[0]}`)).text();
  assert.match(whole, /Whole, and equal to the database/);
  assert.doesNotMatch(whole, /What a trial restore found/);
});

Deno.test("costs are told as they were counted, the dearest clients first", async () => {
  const started = Date.now() - 3_600_000;
  const manager = new FakeManager({ now: () => started });
  using app = await BuiltApp.create(manager);
  const ids = manager.fill(30);
  runUpCosts(manager, ids.slice(0, 20));
  const costs = await json(app.ask("/api/costs?limit=2"));
  assert.deepEqual(costs.prices, manager.config.prices);
  const { thisMonth, stored, forecast, clients } = costs;
  assert.equal(thisMonth.requests, 3 * thisMonth.reads + 1);
  assert.equal(thisMonth.writesAndLists, 2 * thisMonth.reads + 1);
  assert.equal(thisMonth.uploadsOfUnknownSize, 1);
  assert.equal(
    thisMonth.dollars.requests.toFixed(9),
    ((thisMonth.writesAndLists * 0.005 + thisMonth.reads * 0.0004) / 1000)
      .toFixed(9),
  );
  assert.equal(stored.sureness, "at least");
  assert.equal(stored.clients.unknown, 10);
  assert.equal(stored.clients.exact, 17);
  assert.equal(costs.aloneDollars.toFixed(2), "65.70");
  assert.ok(forecast.dollars > thisMonth.dollars.requests);
  assert.deepEqual(
    clients.map((one: { clientId: string; requests: number }) => [
      one.clientId,
      one.requests,
    ]),
    [[ids[0], 1_200], [ids[1], 600]],
  );
  assert.deepEqual(
    [clients[0].stored.sureness, clients[1].stored.sureness],
    ["exact", "at least"],
  );
  for (const limit of ["0", "501", "x"]) {
    const response = await app.ask(`/api/costs?limit=${limit}`);
    assert.equal(response.status, 400);
    assert.match((await json(response)).detail, /a number from 1 to 500/);
  }
});

Deno.test("where backups are kept in a folder nothing is charged", async () => {
  using app = await BuiltApp.create();
  const { manager } = app;
  const target = { kind: "file", root: "/srv/backups", prefix: "x" } as const;
  Object.assign(manager.config, { target });
  runUpCosts(manager, manager.fill(3));
  const costs = await json(app.ask("/api/costs"));
  assert.deepEqual(
    [costs.prices, costs.forecast, costs.aloneDollars, costs.clients.length],
    [null, null, null, 3],
  );
  const page = await (await app.ask("/costs")).text();
  assert.match(page, /requests cost nothing/);
  assert.doesNotMatch(page, /\$/);
});

Deno.test("clients that only the bucket has are listed with their commands", async () => {
  using app = await BuiltApp.create();
  const read = async (path = "/bucket") => {
    const response = await app.ask(path);
    assert.equal(response.status, 200);
    return await response.text();
  };
  assert.match(await read(), /Every client of the bucket is known here/);

  const ids = Array.from({ length: 230 }, (_, n) => idOf(n)).sort();
  app.manager.onlyInBucket = { ids, truncated: true };
  const all = await read();
  assert.match(all, /230 clients have a backup in s3:\/\/backups/);
  assert.match(all, /And 30 more/);
  assert.match(all, /more clients than were looked at/);
  assert.equal(all.split("litestream restore").length - 1, 200);
  const wanted = ids.at(-1)!;
  assert.ok(!all.includes(wanted));
  const found = await read(`/bucket?q=${wanted.slice(0, 18).toUpperCase()}`);
  assert.match(found, /1 client has a backup/);
  const command =
    `litestream restore -o ${wanted}.db &#39;s3://backups/databases/${wanted}?endpoint=http%3A%2F%2F127.0.0.1%3A9000&amp;forcePathStyle=true&amp;region=us-east-1&#39;`;
  assert.ok(
    found.replaceAll("'", "&#39;").includes(command),
    found,
  );
  assert.match(await read("/bucket?q=%3Cb%3E"), /No id contains “&lt;b>”/);
});

Deno.test("a bucket that cannot be listed says why on its page", async () => {
  using app = await BuiltApp.create();
  app.manager.bucketOnly = () =>
    Promise.reject(
      Object.assign(new Error('Cannot list replicas in "backups"'), {
        name: "ReplicaError",
        hint: "Check the credentials",
      }),
    );
  const text = await (await app.ask("/bucket")).text();
  assert.match(text, /The bucket cannot be read/);
  assert.match(
    text,
    /Cannot list replicas in &quot;backups&quot;\. Check the credentials/,
  );
});

Deno.test("a form without script comes back to where it was", async () => {
  using app = await BuiltApp.create();
  const ids = app.manager.fill(2);
  const ask = async (referer: string) => {
    const body = `id=${ids[0]}`;
    const response = await app.ask("/api/clients/pause", {
      method: "POST",
      body,
      headers: {
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": String(body.length),
        "Accept": "text/html",
        "Origin": "http://127.0.0.1:8080",
        "Referer": referer,
      },
    });
    assert.equal(response.status, 303);
    return response.headers.get("Location");
  };
  assert.equal(
    await ask("http://127.0.0.1:8080/?status=awake"),
    "/?status=awake",
  );
  assert.equal(await ask("http://evil.example/a"), "/");
  assert.equal(app.manager.registry.get(ids[0]!)?.status, "paused");
});

Deno.test("a foreign page changes nothing, and a foreign name gets nothing", async () => {
  using app = await BuiltApp.create();
  const [id] = app.manager.fill(1);
  for (
    const headers of [
      { Origin: "http://evil.example" },
      { "Sec-Fetch-Site": "cross-site" },
    ]
  ) {
    const response = await app.ask(`/api/client/${id}/pause`, {
      method: "POST",
      headers,
    });
    assert.equal(response.status, 403);
    await response.body?.cancel();
  }
  assert.equal(app.manager.registry.get(id!)?.status, "protected");
  for (const path of ["/api/status", "/", "/api/events", "/styles.css"]) {
    const response = await app.fetch(
      new Request(`http://rebound.example:8080${path}`),
    );
    assert.equal(response.status, 421, path);
    await response.body?.cancel();
  }
});

Deno.test("before there is a manager all but health says to wait", async () => {
  const fetch = await builtFetch();
  const ask = (path: string) =>
    fetch(new Request(`http://127.0.0.1:80${path}`));
  const cases = [
    ["/healthz", 200],
    ["/readyz", 503],
    ["/api/status", 503],
    ["/", 503],
    ["/styles.css", 200],
  ] as const;
  for (const [path, status] of cases) {
    const response = await ask(path);
    assert.equal(response.status, status, path);
    await response.body?.cancel();
  }
});

Deno.test("readyz says why not", async () => {
  using app = await BuiltApp.create();
  assert.equal((await json(app.ask("/readyz"))).status, "ready");
  app.manager.ready.value = false;
  app.manager.daemon.value = {
    ...app.manager.daemon.value,
    state: "restarting",
    error: "out of memory",
  };
  const response = await app.ask("/readyz");
  assert.equal(response.status, 503);
  assert.deepEqual((await json(response)).reasons, [
    "The first scan of the watched folders is not done",
    "Litestream is restarting: out of memory",
  ]);
});

Deno.test("every change is told, and what was missed on coming back", async () => {
  using app = await BuiltApp.create();
  const ids = app.manager.fill(3);
  let last: string | null = null;
  {
    await using events = new EventReader(await app.ask("/api/events"));
    assert.equal(
      (await events.nextOf("reset")).data.reason,
      "Changes from here on",
    );
    app.manager.change(ids[0]!);
    const { data, id, bytes } = await events.nextOf("client");
    assert.deepEqual([data.clientId, data.status], [ids[0], "syncing"]);
    assert.ok(bytes <= 1024, `${bytes} bytes`);
    last = id;
  }
  assert.ok(last);
  app.manager.change(ids[1]!);
  app.manager.change(ids[2]!);
  app.manager.prove(ids[2]!);
  await using events = new EventReader(
    await app.ask("/api/events", { headers: { "Last-Event-ID": last } }),
  );
  const missed = [await events.nextOf("client"), await events.nextOf("client")];
  assert.deepEqual(
    missed.map(({ data }) => [data.clientId, data.status]),
    [[ids[1], "syncing"], [ids[2], "protected"]],
  );
});

Deno.test("who was away too long, or knew another run, starts again", async () => {
  using app = await BuiltApp.create();
  const [id] = app.manager.fill(1);
  const { id: before } = await (async () => {
    await using events = new EventReader(await app.ask("/api/events"));
    return await events.nextOf("reset");
  })();
  for (let n = 0; n < 9_000; n++) app.manager.change(id!);
  for (const since of [before!, "otherrun.3", "nonsense"]) {
    await using events = new EventReader(
      await app.ask("/api/events", { headers: { "Last-Event-ID": since } }),
    );
    const { event, data } = (await events.next())!;
    assert.equal(event, "reset", since);
    assert.match(data.reason, /read all clients again/);
  }
});

Deno.test("a view tells its rows, who comes and goes, and the totals", async () => {
  using app = await BuiltApp.create();
  const ids = app.manager.fill(60);
  await using events = new EventReader(
    await app.ask("/api/events?view=1&status=failing"),
  );
  const first = await events.nextOf("view");
  assert.deepEqual(first.data, { order: [], total: 0, rows: [] });
  app.manager.change(ids[0]!);
  app.manager.fail(ids[0]!, "no such bucket");
  const { data } = await events.nextOf("view");
  assert.deepEqual(data.order, [ids[0]]);
  assert.equal(data.rows[0].note, "no such bucket");
  const totals = await events.nextOf("totals");
  assert.equal(totals.data.counts.failing, 1);
  assert.equal(totals.data.worst.id, ids[0]);
  app.manager.fail(ids[0]!, "still no bucket");
  const { data: rows } = await events.nextOf("clients");
  assert.deepEqual(
    rows.map((row: { note: string }) => row.note),
    ["still no bucket"],
  );
  app.manager.prove(ids[0]!);
  assert.deepEqual((await events.nextOf("view")).data.order, []);
});

Deno.test("a client's stream tells its changes and what happened, once", async () => {
  using app = await BuiltApp.create();
  const [id, other] = app.manager.fill(2);
  await using events = new EventReader(
    await app.ask(`/api/events?client=${id}`),
  );
  const past = await events.nextOf("history");
  assert.equal(past.data.length, 2);
  app.manager.change(other!);
  app.manager.change(id!);
  const { data: client } = await events.nextOf("client");
  assert.deepEqual([client.clientId, client.status], [id, "syncing"]);
  const { data: fresh } = await events.nextOf("history");
  assert.deepEqual(fresh.map((entry: { kind: string }) => entry.kind), [
    "changed",
  ]);
});

Deno.test("streams are bounded in number, and end with the manager", async () => {
  using app = await BuiltApp.create();
  app.manager.fill(1);
  const open: EventReader[] = [];
  for (let n = 0; n < 256; n++) {
    open.push(new EventReader(await app.ask("/api/events")));
  }
  const refused = await app.ask("/api/events");
  assert.equal(refused.status, 503);
  assert.ok(refused.headers.has("Retry-After"));
  await refused.body?.cancel();
  await open.pop()![Symbol.asyncDispose]();
  open.push(new EventReader(await app.ask("/api/events")));
  app[Symbol.dispose]();
  for (const events of open) {
    while (await events.next() !== null) { /* up to its end */ }
  }
});

Deno.test("a reader that does not read costs bounded memory", async () => {
  using app = await BuiltApp.create();
  const ids = app.manager.fill(2_000);
  const response = await app.ask("/api/events");
  for (let round = 0; round < 20; round++) {
    for (const id of ids) app.manager.change(id);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  app[Symbol.dispose]();
  let bytes = 0;
  for await (const chunk of response.body!) bytes += chunk.length;
  assert.ok(bytes < 600_000, `${bytes} bytes were kept`);
});

Deno.test("the first backup of a fleet is told with its progress", async () => {
  using app = await BuiltApp.create();
  const now = Date.now();
  for (let n = 0; n < 4; n++) {
    const path = `/srv/tenants/${idOf(n)}.db`;
    app.manager.add(idOf(n), { path, sizeBytes: 8_192, changedAt: now });
  }
  app.manager.prove(idOf(0));
  const html = await (await app.ask("/")).text();
  assert.match(html, /First backup: \d of \d/);
  assert.match(html, /1 client protected, 3 queued for the first backup/);
  assert.match(html, /<progress[^>]* max="\d"/);
});
