BEGIN

/* retort:session.flush */ INSERT INTO "receipts" ("text")
VALUES ($1)
RETURNING "id"
/* retort:outcome.insert */ INSERT INTO "public"."commit_outcomes" ("id", "committed") VALUES ($1, true)
COMMIT
BEGIN ISOLATION LEVEL READ COMMITTED
/* retort:session.settings */ SELECT set_config($1, $2, true), set_config($3, $4, true)
/* retort:outcome.fence */ INSERT INTO "public"."commit_outcomes" ("id", "committed") VALUES ($1, false) ON CONFLICT ("id") DO UPDATE SET "at" = clock_timestamp() RETURNING "committed"
/* retort:session.read */ COMMIT
