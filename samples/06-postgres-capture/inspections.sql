CREATE TABLE inspections (company TEXT PRIMARY KEY, result TEXT, inspected DATE);
INSERT INTO inspections
SELECT 'B' || number, 'passed', DATE '2026-03-01' FROM generate_series(100001, 100010) AS number;
