package chaos

import "strings"

// naughtyWords are texts that have broken programs: as SQL, as text, as numbers, as
// markup, as file names, as formats.
func naughtyWords() []string {
	words := []string{
		// SQL that ends a literal or an identifier and goes on.
		`'`, `''`, `"`, `""`, `\`, `\'`, `';--`, `'; DROP TABLE canary; --`, `"; DROP TABLE canary; --`, `'); DELETE FROM canary; --`,
		`' OR '1'='1`, `' OR 1=1 --`, `" OR ""="`, `x' UNION SELECT secret FROM canary --`, `') UNION ALL SELECT secret, secret FROM canary --`,
		`1; UPDATE canary SET secret = 'gone'`, `'||(SELECT secret FROM canary)||'`, `' AND pg_sleep(9) --`, `$$; DROP TABLE canary; $$`,
		`$1`, `$2::int`, `$tag$`, `:name`, `@name`, `?`, `??`, `%s`, `%d%n`, `{{.Password}}`, `${jndi:x}`, `/* comment`, `*/ DROP TABLE canary; /*`,
		`-- comment`, "'; DROP TABLE canary;\n--", `E'\'; DROP TABLE canary; --`, `U&'\0027'`, `bobby'); DROP TABLE canary; --`, `text; DROP TABLE canary`,
		`text DESC, (SELECT 1/0)`, `(CASE WHEN (SELECT true) THEN text ELSE id END)`, `text"`, `"text"`, `id,text`, `-id;`, `../id`, `text--`, `id::text`,
		`canary.secret`, `(SELECT secret FROM canary)`, `pg_catalog.version()`, `ctid`, `*`, `1`, `0`, `-1`, `null`, `NULL`, `default`, `select`, `table`,
		// Numbers and their like.
		`NaN`, `Infinity`, `-Infinity`, `1e309`, `0x10`, `9223372036854775808`, `-9223372036854775809`, `1.0000000000000000000001`, `١٢٣`, `½`,
		// Text.
		``, ` `, "\t", "\n", "\r\n", "\v\f", "\u0085", "\u00a0", "\u2028\u2029", "\ufeff", "\u200b", "\u202etxet", "a\u0300", "ﬀ", "İıßẞ", "Ω≈ç√∫", "田中さん",
		"مرحبا", "שלום", "🏳️‍🌈", "👨‍👩‍👧‍👦", "\U0001f1e9\U0001f1ea", "Z̸a̷l̶g̵o̴", "\u0000", "a\u0000b", "\x00'; DROP TABLE canary; --", "\x01\x02\x1b[31m", "\x7f",
		"\xff", "\xc3\x28", "a\xed\xa0\x80", "\xf0\x28\x8c\x28", "\xc0\xaf", "\ufffe\uffff", "\U0010ffff",
		// What other programs take for more than text.
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `javascript:alert(1)`, `&lt;`, `<!--`, `]]>`, `<?xml version="1.0"?>`, `{"a":1}`, `[]`, `{`, `}`,
		`null}`, `"\u0000"`, `\u0000`, `../../etc/passwd`, `C:\CON`, `| ls`, "`id`", `$(id)`, `;id`, `%00`, `%27`, `%2527`, "a\r\nX-Injected: yes", `true`, `undefined`,
		`__proto__`, `constructor`, `=1+1`, `+1`, `@SUM(A1)`, `'=1`, `{1,2}`, `{"a","b"}`, `[1,2)`, `(1,2)`, `infinity`, `epoch`, `2026-02-30`, `24:00:00`, `P1Y`,
	}
	return append(words, strings.Repeat("'", 999), strings.Repeat("ä", 70), strings.Repeat("x", 63), strings.Repeat("x", 64), strings.Repeat("(", 3000), strings.Repeat("a'\"\\", 20_000))
}
