-- SPDX-License-Identifier: GPL-2.0-only
-- The program "sqlite": a database in memory, of as many sales as the table "wanted"
-- says, and two queries that look at all of them. Numbers are pseudo-random and the
-- same in every run; no product exceeds 63 bits.
.mode list
PRAGMA temp_store = memory;
CREATE TABLE product(id INTEGER PRIMARY KEY, category INTEGER, price INTEGER);
CREATE TABLE sale(id INTEGER PRIMARY KEY, product INTEGER, region INTEGER, amount INTEGER,
	note TEXT);

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
INSERT INTO product SELECT i, i * 7919 % 23, i * 104729 % 9973 + 1 FROM n;

WITH RECURSIVE
	n(i) AS (
		SELECT 1 UNION ALL
		SELECT i + 1 FROM n WHERE i < (SELECT rows FROM wanted)
	),
	hashed(i, a, b, c, d) AS (
		SELECT i, i * 2654435761 & 0xffffffff, i * 2246822519 & 0xffffffff,
			i * 3266489917 & 0xffffffff, i * 668265263 & 0xffffffff
		FROM n
	)
INSERT INTO sale
SELECT i, (a >> 12) % 1000 + 1, (b >> 12) % 50, (c >> 12) % 100 + 1,
	printf('%08x%08x%08x%08x %08x%08x%08x%08x %08x%08x%08x%08x %08x%08x%08x%08x '
		|| '%08x%08x%08x%08x %08x%08x%08x%08x %08x%08x%08x%08x %08x%08x%08x%08x',
		a, b, c, d, a + b, b + c, c + d, d + a, a | b, b | c, c | d, d | a,
		a + c, b + d, a | c, b | d, a * 3, b * 3, c * 3, d * 3, a * 5, b * 5, c * 5,
		d * 5, a * 7, b * 7, c * 7, d * 7, a * 9, b * 9, c * 9, d * 9)
FROM hashed;

.timer on
SELECT category, region / 10, count(*), sum(amount * price), max(amount), min(sale.id)
FROM sale JOIN product ON product.id = sale.product
GROUP BY category, region / 10
ORDER BY category, region / 10;

SELECT region, count(*), sum(amount), sum(length(note))
FROM sale
WHERE note LIKE '%abc%'
GROUP BY region
ORDER BY region;
.timer off
SELECT count(*), sum(amount) FROM sale;
