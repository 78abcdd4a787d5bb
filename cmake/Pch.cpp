// The precompiled header lives with this translation unit.
