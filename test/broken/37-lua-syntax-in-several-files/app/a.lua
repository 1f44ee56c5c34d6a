if x then
  return 1
