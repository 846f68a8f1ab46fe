// Package safety holds the rules of the safety switch (S08, S11, S12): what an order means, which flags are up, what a
// resume needs, and whose approvals lift what. It is pure: workflows run its rules, activities run them again against the
// worker's own settings, and time comes in as an argument.
package safety
