namespace EDA.Engine.Environments.Mazes;

/// <summary>A cell of a maze.</summary>
/// <param name="Row">Counted along y.</param>
/// <param name="Column">Counted along x.</param>
public readonly record struct MazeCell(int Row, int Column);

/// <summary>A maze of square cells, closed by walls all around, with a start and a goal.</summary>
/// <remarks>The layouts are D4RL's (d4rl/locomotion/maze_env.py: U_MAZE_TEST and BIG_MAZE_TEST).</remarks>
public sealed class MazeLayout
{
    private readonly string[] _rows;

    private MazeLayout(string name, params string[] rows)
    {
        Name = name;
        _rows = rows;
        Start = Find('S');
        Goal = Find('G');
        Free = [.. Cells().Where(IsFree)];
        Walls = [.. Cells().Where(cell => !IsFree(cell))];
    }

    /// <summary>A corridor in the form of a U, from one end to the other.</summary>
    public static MazeLayout UMaze { get; } = new(
        "umaze",
        "#####",
        "#S  #",
        "### #",
        "#G  #",
        "#####");

    /// <summary>Rooms and corridors, from one corner to the opposite one.</summary>
    public static MazeLayout Medium { get; } = new(
        "medium",
        "########",
        "#S ##  #",
        "#  #   #",
        "##   ###",
        "#  #   #",
        "# #  # #",
        "#   # G#",
        "########");

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>Where an episode starts.</summary>
    public MazeCell Start { get; }

    /// <summary>Where it should end.</summary>
    public MazeCell Goal { get; }

    /// <summary>The cells that can be entered, row by row.</summary>
    public IReadOnlyList<MazeCell> Free { get; }

    /// <summary>The other cells, row by row.</summary>
    public IReadOnlyList<MazeCell> Walls { get; }

    /// <summary>The count of rows.</summary>
    public int Rows => _rows.Length;

    /// <summary>The count of columns.</summary>
    public int Columns => _rows[0].Length;

    /// <summary>Whether a cell can be entered; what lies outside cannot.</summary>
    /// <param name="cell">The cell.</param>
    /// <returns>True for a free cell.</returns>
    public bool IsFree(MazeCell cell) =>
        (uint)cell.Row < (uint)Rows && (uint)cell.Column < (uint)Columns && _rows[cell.Row][cell.Column] != '#';

    /// <summary>A shortest way, from cell to neighbouring cell.</summary>
    /// <param name="from">The first cell.</param>
    /// <param name="to">The last cell.</param>
    /// <returns>The cells, both ends included; the same way each time where several are shortest.</returns>
    /// <exception cref="ArgumentException">One of the cells is a wall, or no way leads there.</exception>
    public IReadOnlyList<MazeCell> ShortestPath(MazeCell from, MazeCell to)
    {
        if (!IsFree(from) || !IsFree(to))
            throw new ArgumentException($"{from} and {to} are not both free cells of {Name}");

        // Breadth first from the end, so that each cell learns its successor.
        var next = new Dictionary<MazeCell, MazeCell> { [to] = to };
        var border = new Queue<MazeCell>([to]);
        while (!next.ContainsKey(from) && border.TryDequeue(out var cell))
        {
            foreach (var neighbour in Neighbours(cell))
            {
                if (next.TryAdd(neighbour, cell))
                    border.Enqueue(neighbour);
            }
        }

        if (!next.ContainsKey(from))
            throw new ArgumentException($"no way leads from {from} to {to} in {Name}");
        var path = new List<MazeCell> { from };
        while (path[^1] != to)
            path.Add(next[path[^1]]);
        return path;
    }

    private IEnumerable<MazeCell> Neighbours(MazeCell cell) =>
        new[]
        {
            cell with { Row = cell.Row - 1 },
            cell with { Row = cell.Row + 1 },
            cell with { Column = cell.Column - 1 },
            cell with { Column = cell.Column + 1 },
        }.Where(IsFree);

    private IEnumerable<MazeCell> Cells() =>
        Enumerable.Range(0, Rows).SelectMany(row => Enumerable.Range(0, Columns).Select(column => new MazeCell(row, column)));

    private MazeCell Find(char mark) => Cells().Single(cell => _rows[cell.Row][cell.Column] == mark);
}
