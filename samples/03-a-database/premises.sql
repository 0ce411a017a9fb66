CREATE TABLE premises (company TEXT PRIMARY KEY, "use" TEXT, area INTEGER, keeper TEXT, changed_at INTEGER NOT NULL);
INSERT INTO premises VALUES
  ('B100001', 'restaurant', 90, 'front desk, ring twice', 1),
  ('B100002', 'office', 40, 'ask at number 5', 2),
  ('B100003', 'warehouse', 1200, NULL, 3);
