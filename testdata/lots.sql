CREATE UNLOGGED TABLE "lots" (
    "id" bigint GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 5) NOT NULL,
    "title" text COLLATE "C" NOT NULL,
    "low" bigint NOT NULL,
    "high" bigint NOT NULL,
    "size" bigint GENERATED ALWAYS AS (high - low) STORED NOT NULL,
    "folded" text GENERATED ALWAYS AS (nullif(lower(title), '')) STORED,
    "place" text,
    "tags" text[] NOT NULL,
    "version" bigint NOT NULL DEFAULT 1,
    CONSTRAINT "pk_lots" PRIMARY KEY ("id"),
    CONSTRAINT "uq_lots_place_low" UNIQUE NULLS NOT DISTINCT ("place", "low") INCLUDE ("title"),
    CONSTRAINT "ex_lots_int8range_low_high" EXCLUDE USING "gist" ((int8range(low, high)) range_ops WITH &&) INCLUDE ("low") WHERE (place IS NULL) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT "one_title" EXCLUDE USING "hash" ("title" WITH =)
) WITH (fillfactor = 70);

COMMENT ON TABLE "lots" IS 'What''s for sale';

COMMENT ON COLUMN "lots"."id" IS 'on the label';

CREATE INDEX "ix_lots_tags"
    ON "lots" USING "gin" ("tags") WITH (fastupdate = off);

CREATE INDEX "ix_lots_low_lower_title_high"
    ON "lots" ("low" DESC, (lower(title)) COLLATE "POSIX" text_pattern_ops DESC NULLS LAST, "high") INCLUDE ("place")
    WHERE low > 0;

CREATE UNIQUE INDEX "uq_lots_upper_title"
    ON "lots" ((upper(title))) NULLS NOT DISTINCT;

