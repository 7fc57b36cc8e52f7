namespace EDA.Bench.Ptx;

/// <summary>
/// Where lanes that part at a branch meet again: at the first instruction that all ways from there to the kernel's end lead
/// through, its immediate post-dominator, which is where the assembler has them meet (K. Cooper, T. Harvey and K. Kennedy,
/// A Simple, Fast Dominance Algorithm, 2001, on the reversed graph).
/// </summary>
public static class PtxPostDominators
{
    /// <summary>No instruction: the kernel's end.</summary>
    public const int End = int.MaxValue;

    /// <summary>The immediate post-dominators of instructions.</summary>
    /// <param name="next">The instructions that each leads to; <see cref="End"/> among them where it ends the kernel.</param>
    /// <returns>One for each instruction.</returns>
    public static int[] Of(int[][] next)
    {
        int end = next.Length;
        int[][] successors = [.. next.Select(all => all.Select(to => to == End ? end : to).ToArray()), []];
        var predecessors = Enumerable.Range(0, end + 1).Select(_ => new List<int>()).ToArray();
        for (int i = 0; i < end; i++)
        {
            foreach (int to in successors[i])
                predecessors[to].Add(i);
        }

        var order = Order(predecessors, end);
        var number = new int[end + 1];
        for (int i = 0; i < order.Count; i++)
            number[order[i]] = i;
        var dominator = new int[end + 1];
        Array.Fill(dominator, -1);
        dominator[end] = end;
        for (bool isChanged = true; isChanged;)
        {
            isChanged = false;
            foreach (int node in Enumerable.Reverse(order).Where(node => node != end))
            {
                int common = -1;
                foreach (int to in successors[node].Where(to => dominator[to] >= 0))
                    common = common < 0 ? to : Common(common, to);
                isChanged |= dominator[node] != common;
                dominator[node] = common;
            }
        }

        // What never ends meets nowhere.
        return [.. dominator[..end].Select(at => at < 0 || at == end ? End : at)];

        int Common(int a, int b)
        {
            while (a != b)
            {
                if (number[a] < number[b])
                    a = dominator[a];
                else
                    b = dominator[b];
            }

            return a;
        }
    }

    // Each behind all that lead to it, backwards from the end.
    private static List<int> Order(List<int>[] predecessors, int end)
    {
        var order = new List<int>();
        var isSeen = new bool[predecessors.Length];
        var open = new Stack<(int Node, int Child)>([(end, 0)]);
        isSeen[end] = true;
        while (open.TryPop(out var top))
        {
            if (top.Child == predecessors[top.Node].Count)
            {
                order.Add(top.Node);
                continue;
            }

            open.Push((top.Node, top.Child + 1));
            int child = predecessors[top.Node][top.Child];
            if (isSeen[child])
                continue;
            isSeen[child] = true;
            open.Push((child, 0));
        }

        return order;
    }
}
