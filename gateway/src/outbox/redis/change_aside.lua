-- Changes entries of the quarantine that are still there. An entry of a stream cannot be written anew, so one that stays in
-- another form gets another number.
-- ARGV: five for each entry: its id, what to do, and three more:
--   remove                    takes it away
--   replace HEAD BODY MESSAGE puts this in its place; no message is an empty one
--   redrive HEAD BODY         makes a group of it that waits
-- Answer: for each entry a digit, 1 if it was changed. The same one under the same token.
local told = told_before()
if told then return told end
local done = {}
for i = 1, #ARGV, 5 do
  local id, what, head, body, message = unpack(ARGV, i, i + 4)
  local entry = redis.call('XRANGE', quarantine, id, id)[1]
  if not entry then
    done[#done + 1] = '0'
  else
    for k = 1, #entry[2], 2 do
      local aside = entry[2][k] == 'head' and read_aside(entry[2][k + 1])
      if aside then note('quarantine', aside, -1, -aside.events, -aside.bytes) end
    end
    redis.call('XDEL', quarantine, id)
    local number = string.match(id, '^%d+')
    redis.call('HDEL', asides, number, message_of(number))
    if what == 'replace' then
      quarantine_add(head, body, message)
    elseif what == 'redrive' then
      local row = enqueue()
      redis.call('HSET', heads, row, head)
      redis.call('HSET', bodies, row, body)
      local group = read_head(head)
      note('pending', group, 1, group.events, group.bytes)
    end
    done[#done + 1] = '1'
  end
end
count()
return tell(table.concat(done))
