using System.Globalization;
using System.Text.RegularExpressions;

namespace EDA.Bench.Sass;

/// <summary>A kernel's machine code, as nvdisasm -g -hex -c lists it, in blocks.</summary>
public sealed partial class SassListing
{
    private SassListing(List<SassBlock> blocks, IReadOnlyList<(int From, int To)> loops) => (Blocks, Loops) = (blocks, loops);

    /// <summary>The blocks in the order they stand.</summary>
    public IReadOnlyList<SassBlock> Blocks { get; }

    /// <summary>Its loops: from the block that is gone back to, to the block that goes back; outer ones first.</summary>
    public IReadOnlyList<(int From, int To)> Loops { get; }

    /// <summary>Reads a listing.</summary>
    /// <param name="text">The listing.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static SassListing Parse(string text)
    {
        var labels = new Dictionary<string, int>();
        var waiting = new List<string>();
        var instructions = new List<(SassInstruction Instruction, bool IsSubroutine)>();
        var starts = new HashSet<int>();
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        int source = 0;
        bool subroutine = false;
        for (int i = 0; i < lines.Length; i++)
        {
            if (Source().Match(lines[i]) is { Success: true } place)
                source = int.Parse(place.Groups[1].Value, CultureInfo.InvariantCulture);
            else if (Label().Match(lines[i]) is { Success: true } label)
                waiting.Add(label.Groups[1].Value);
            if (Code().Match(lines[i]) is not { Success: true } code)
                continue;
            if (i + 1 >= lines.Length || Upper().Match(lines[i + 1]) is not { Success: true } upper)
                throw new FormatException($"line {i + 2} of the listing is not the upper half of an instruction");
            int address = int.Parse(code.Groups["at"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            foreach (string name in waiting)
            {
                labels[name] = address;
                subroutine |= name.StartsWith("$__internal", StringComparison.Ordinal);
            }

            waiting.Clear();
            instructions.Add((
                new SassInstruction(
                    address, code.Groups["name"].Value, code.Groups["rest"].Value.Trim(), code.Groups["guard"].Success, source,
                    SassControl.Of(ulong.Parse(upper.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture))),
                subroutine));
        }

        if (instructions.Count == 0)
            throw new FormatException("the listing has no instructions");
        starts.UnionWith(labels.Values);
        for (int i = 0; i + 1 < instructions.Count; i++)
        {
            if (EndsBlock(instructions[i].Instruction))
                starts.Add(instructions[i + 1].Instruction.Address);
        }

        var blocks = new List<SassBlock>();
        var block = new List<SassInstruction>();
        for (int i = 0; i < instructions.Count; i++)
        {
            block.Add(instructions[i].Instruction);
            if (i + 1 < instructions.Count && !starts.Contains(instructions[i + 1].Instruction.Address))
                continue;
            blocks.Add(new SassBlock([.. block], instructions[i].IsSubroutine));
            block.Clear();
        }

        return new SassListing(blocks, [.. Loop(blocks, labels)]);
    }

    private static bool EndsBlock(SassInstruction instruction) =>
        instruction.Stem is "BRA" or "BRX" or "RET" or "CALL" || (instruction.Stem == "EXIT" && !instruction.IsGuarded);

    // The last branch back to a place ends its loop. A branch of an instruction to itself, with which code ends, is none.
    private static IEnumerable<(int From, int To)> Loop(List<SassBlock> blocks, Dictionary<string, int> labels)
    {
        var back = new Dictionary<int, int>();
        for (int i = 0; i < blocks.Count; i++)
        {
            var last = blocks[i].Instructions[^1];
            if (last.Stem != "BRA" || Target().Match(last.Operands) is not { Success: true } target || !labels.TryGetValue(target.Groups[1].Value, out int address))
                continue;
            int from = blocks.FindIndex(block => block.Address == address);
            if (from >= 0 && from <= i && address != last.Address && !blocks[i].IsSubroutine)
                back[from] = i;
        }

        return back.Select(loop => (loop.Key, loop.Value)).OrderBy(loop => loop.Key).ThenByDescending(loop => loop.Value);
    }

    [GeneratedRegex(@"//## File ""[^""]*"", line (\d+)")]
    private static partial Regex Source();

    [GeneratedRegex(@"^\s*(\.L_[\w$]+|\$__internal[\w$]+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"/\*(?<at>[0-9a-f]{4,})\*/\s+(?<guard>@!?U?P\w+\s+)?(?<name>[A-Z][\w.]*)(?<rest>[^;]*);\s+/\* 0x[0-9a-f]{16} \*/")]
    private static partial Regex Code();

    [GeneratedRegex(@"^\s*/\* 0x([0-9a-f]{16}) \*/")]
    private static partial Regex Upper();

    [GeneratedRegex(@"`\((\.L_\w+)\)")]
    private static partial Regex Target();
}
