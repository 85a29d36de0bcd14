-- Boards, what was on them, and how it got there are lost.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-table
DROP TABLE app.deal_moves, app.deals, app.pipeline_stages, app.pipelines;
