using System.Globalization;

namespace EDA.Bench.Ptx;

/// <summary>
/// Reads the PTX of one kernel: an entry point with its parameters, shared variables, registers in scopes, labels and
/// instructions. What it does not know it refuses: functions, other memory, other types of registers.
/// </summary>
public sealed class PtxParser
{
    // Shared addresses do not begin at 0, and no variable ends where another begins.
    private const int SharedStart = 1024;
    private const int SharedGap = 128;

    private readonly PtxTokens _tokens;
    private readonly PtxRegisterFile _file = new();
    private readonly List<PtxInstruction> _code = [];
    private readonly Dictionary<string, int> _labels = [];
    private readonly List<(int Instruction, string Label)> _branches = [];
    private readonly Dictionary<string, PtxVariable> _shared = [];
    private readonly List<PtxParameterLoad> _loads = [];
    private string _parameter = string.Empty;
    private int _parameterLength;
    private int _sharedEnd = SharedStart;

    private PtxParser(string text) => _tokens = new PtxTokens(text);

    /// <summary>Reads a kernel.</summary>
    /// <param name="text">The PTX text.</param>
    /// <param name="name">The name for messages; null for the entry point's own.</param>
    /// <returns>The kernel.</returns>
    /// <exception cref="PtxFormatException">The text is no kernel, or has what the interpreter does not know.</exception>
    public static PtxModule Parse(string text, string? name = null)
    {
        var parser = new PtxParser(text);
        try
        {
            return parser.Module(name, text);
        }
        catch (PtxFormatException error)
        {
            throw new PtxFormatException($"{name ?? "PTX"}, line {parser._tokens.Line}: {error.Message}");
        }
    }

    private PtxModule Module(string? name, string text)
    {
        _tokens.Expect(".version");
        _tokens.Read();
        _tokens.Expect(".target", "sm_80", ".address_size", "64", ".visible", ".entry");
        string entry = _tokens.Read();
        _tokens.Expect("(");
        if (!_tokens.TryRead(")"))
        {
            _tokens.Expect(".param", ".align", "8", ".b8");
            _parameter = _tokens.Read();
            _parameterLength = Length();
            _tokens.Expect(")");
        }

        _tokens.Expect("{");
        _file.Open();
        for (int depth = 1; depth > 0;)
        {
            if (_tokens.TryRead("{"))
            {
                _file.Open();
                depth++;
            }
            else if (_tokens.TryRead("}"))
            {
                _file.Close();
                depth--;
            }
            else
            {
                Statement();
            }
        }

        if (!_tokens.IsAtEnd)
            throw new PtxFormatException($"{_tokens.Peek()} stands behind the entry point");
        var code = _code.ToArray();
        foreach (var (instruction, label) in _branches)
            code[instruction].Target = _labels.TryGetValue(label, out int target) ? target : throw new PtxFormatException($"there is no label {label}");

        // No branch leads beyond the last instruction, and it does not go on.
        if (code.Length == 0 || code[^1].Guard >= 0 || !(IsReturn(code[^1]) || IsBranch(code[^1])))
            throw new PtxFormatException("the code goes on behind its end");
        if (_labels.Values.Any(target => target == code.Length))
            throw new PtxFormatException("a label stands behind the end of the code");
        SetMeetings(code);
        return new PtxModule
        {
            Name = name ?? entry,
            Text = text,
            Code = code,
            ParameterLength = _parameterLength,
            ParameterLoads = _loads,
            Registers = _file.Image,
            Specials = _file.Specials,
            Shared = [.. _shared.Values],
            SharedLength = _sharedEnd,
        };
    }

    private static void SetMeetings(PtxInstruction[] code)
    {
        int[] meetings = PtxPostDominators.Of([.. code.Select((instruction, i) => Next(instruction, i))]);
        for (int i = 0; i < code.Length; i++)
            code[i].Meeting = meetings[i];

        static int[] Next(in PtxInstruction instruction, int i)
        {
            int elsewhere = IsReturn(instruction) ? PtxPostDominators.End : instruction.Target;
            return !IsReturn(instruction) && !IsBranch(instruction) ? [i + 1] : instruction.Guard < 0 ? [elsewhere] : [i + 1, elsewhere];
        }
    }

    private static bool IsReturn(in PtxInstruction instruction) => instruction.Text.StartsWith("ret", StringComparison.Ordinal);

    private static bool IsBranch(in PtxInstruction instruction) => instruction.Text.StartsWith("bra", StringComparison.Ordinal);

    private void Statement()
    {
        switch (_tokens.Peek())
        {
            case ".reg":
                Registers();
                break;
            case ".shared":
                Shared();
                break;
            default:
                if (_tokens.Peek(1) == ":")
                {
                    if (!_labels.TryAdd(_tokens.Read(), _code.Count))
                        throw new PtxFormatException("a label stands twice");
                    _tokens.Expect(":");
                }
                else
                {
                    Instruction();
                }

                break;
        }
    }

    private void Registers()
    {
        _tokens.Expect(".reg");
        var kind = _tokens.Read() switch
        {
            ".pred" => PtxKind.Predicate,
            ".b16" => PtxKind.Short,
            ".b32" or ".u32" or ".s32" or ".f32" => PtxKind.Word,
            ".b64" or ".u64" or ".s64" or ".f64" => PtxKind.Double,
            string other => throw new PtxFormatException($"registers of type {other} are not known"),
        };
        do
        {
            string name = _tokens.Read();
            if (!_tokens.TryRead("<"))
            {
                _file.Declare(name, kind);
                continue;
            }

            int count = Integer();
            for (int i = 0; i < count; i++)
                _file.Declare(string.Create(CultureInfo.InvariantCulture, $"{name}{i}"), kind);
            _tokens.Expect(">");
        }
        while (_tokens.TryRead(","));
        _tokens.Expect(";");
    }

    private void Shared()
    {
        _tokens.Expect(".shared", ".align");
        int alignment = Integer();
        _tokens.Expect(".b8");
        string name = _tokens.Read();
        int length = Length(), start = (_sharedEnd + alignment - 1) / alignment * alignment;
        _tokens.Expect(";");
        if (!_shared.TryAdd(name, new PtxVariable(name, start, length)))
            throw new PtxFormatException($"{name} is declared twice");
        _sharedEnd = start + length + SharedGap;
    }

    private void Instruction()
    {
        int line = _tokens.Line, guard = -1;
        bool isNegated = false;
        if (_tokens.TryRead("@"))
        {
            isNegated = _tokens.TryRead("!");
            guard = _file.Register(_tokens.Read(), PtxKind.Predicate);
        }

        int first = _tokens.Position;
        string opcode = _tokens.Read();
        if (!PtxInstructionSet.TryFind(opcode, out var operation))
            throw new PtxFormatException($"the instruction {opcode} is not known");
        var instruction = new PtxInstruction { Step = operation.Step, Guard = guard, IsGuardNegated = isNegated, Line = line, Registers = [], Text = opcode };
        Operands(ref instruction, operation.Operands);
        _tokens.Expect(";");
        instruction.Text = _tokens.Since(first);
        _code.Add(instruction);
    }

    // One letter an operand; PtxInstructionSet says which.
    private void Operands(ref PtxInstruction instruction, string operands)
    {
        int sources = 0;
        for (int i = 0; i < operands.Length; i++)
        {
            if (i > 0)
                _tokens.Expect(",");
            switch (operands[i])
            {
                case 'P':
                    instruction.Result = _file.Register(_tokens.Read(), PtxKind.Predicate);
                    break;
                case 'H':
                    instruction.Result = _file.Register(_tokens.Read(), PtxKind.Short);
                    break;
                case 'W':
                    instruction.Result = _file.Register(_tokens.Read(), PtxKind.Word);
                    break;
                case 'D':
                    instruction.Result = _file.Register(_tokens.Read(), PtxKind.Double);
                    break;
                case 'p':
                    SetSource(ref instruction, sources++, Source(PtxKind.Predicate));
                    break;
                case 'h':
                    SetSource(ref instruction, sources++, Source(PtxKind.Short));
                    break;
                case 'w':
                    SetSource(ref instruction, sources++, Source(PtxKind.Word));
                    break;
                case 'd':
                    SetSource(ref instruction, sources++, Source(PtxKind.Double));
                    break;
                case 'a':
                    SetSource(ref instruction, sources++, Address(ref instruction));
                    break;
                case 'k' or 'K':
                    ParameterAddress(ref instruction, operands[i] == 'K' ? 8 : 4);
                    break;
                case '2' or '4':
                    Vector(ref instruction, operands[i] - '0', PtxKind.Word);
                    break;
                case 'q':
                    Vector(ref instruction, 4, PtxKind.Short);
                    break;
                case '#':
                    instruction.Number = Integer();
                    break;
                case 'l':
                    _branches.Add((_code.Count, _tokens.Read()));
                    break;
                default:
                    throw new PtxFormatException($"{instruction.Text} has operands {operands}");
            }
        }
    }

    private static void SetSource(ref PtxInstruction instruction, int number, int at)
    {
        switch (number)
        {
            case 0:
                instruction.A = at;
                break;
            case 1:
                instruction.B = at;
                break;
            case 2:
                instruction.C = at;
                break;
            default:
                instruction.D = at;
                break;
        }
    }

    private int Source(PtxKind kind)
    {
        string word = _tokens.Read();
        if (word == "-")
            return _file.Constant(kind, unchecked((ulong)-long.Parse(_tokens.Read(), NumberStyles.None, CultureInfo.InvariantCulture)) & Mask(kind));
        if (word.Length > 1 && word[0] == '0' && char.ToUpperInvariant(word[1]) is 'F' or 'D')
        {
            if ((char.ToUpperInvariant(word[1]) == 'F') != (kind == PtxKind.Word))
                throw new PtxFormatException($"{word} is no {kind}");
            return _file.Constant(kind, ulong.Parse(word.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }

        if (char.IsAsciiDigit(word[0]))
        {
            bool isHexadecimal = word.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
            ulong value = ulong.Parse(isHexadecimal ? word.AsSpan(2) : word, isHexadecimal ? NumberStyles.HexNumber : NumberStyles.None, CultureInfo.InvariantCulture);
            if (kind == PtxKind.Predicate && value <= 1)
                return _file.Constant(kind, value == 0 ? 0 : uint.MaxValue);
            return value <= Mask(kind) && kind != PtxKind.Predicate ? _file.Constant(kind, value) : throw new PtxFormatException($"{word} is no {kind}");
        }

        if (kind == PtxKind.Double && _shared.TryGetValue(word, out var variable))
            return _file.Constant(kind, (ulong)variable.Start);
        if (kind == PtxKind.Word && _file.TrySpecial(word, out int at))
            return at;
        return _file.Register(word, kind);
    }

    private static ulong Mask(PtxKind kind) => kind switch { PtxKind.Double => ulong.MaxValue, PtxKind.Short => ushort.MaxValue, _ => uint.MaxValue };

    private int Address(ref PtxInstruction instruction)
    {
        _tokens.Expect("[");
        int at = Source(PtxKind.Double);
        if (_tokens.TryRead("+"))
        {
            // Two addresses of one instruction would share what is added.
            if (instruction.Offset != 0)
                throw new PtxFormatException("two addresses have offsets");
            instruction.Offset = Integer();
        }

        _tokens.Expect("]");
        return at;
    }

    private void ParameterAddress(ref PtxInstruction instruction, int size)
    {
        _tokens.Expect("[", _parameter);
        if (_tokens.TryRead("+"))
            instruction.Offset = Integer();
        _tokens.Expect("]");
        if (instruction.Offset < 0 || instruction.Offset % size != 0 || instruction.Offset + size > _parameterLength)
            throw new PtxFormatException($"{instruction.Text} reads {size} bytes at {instruction.Offset} of {_parameterLength}");
        _loads.Add(new PtxParameterLoad(instruction.Offset, size, instruction.Line));
    }

    private void Vector(ref PtxInstruction instruction, int count, PtxKind kind)
    {
        _tokens.Expect("{");
        var registers = new List<int>(instruction.Registers);
        for (int i = 0; i < count; i++)
        {
            if (i > 0)
                _tokens.Expect(",");
            registers.Add(_file.Register(_tokens.Read(), kind));
        }

        _tokens.Expect("}");
        instruction.Registers = [.. registers];
    }

    private int Length()
    {
        _tokens.Expect("[");
        int length = Integer();
        _tokens.Expect("]");
        return length;
    }

    private int Integer()
    {
        bool isNegative = _tokens.TryRead("-");
        if (!int.TryParse(_tokens.Read(), NumberStyles.None, CultureInfo.InvariantCulture, out int value))
            throw new PtxFormatException("a whole number is expected");
        return isNegative ? -value : value;
    }
}
