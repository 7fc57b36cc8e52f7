using EDA.Engine.Data.Formats;
using EDA.Engine.Environments.Scenes;

namespace EDA.Engine.Evaluation.Recordings;

/// <summary>The arrays of an episode that was kept, step by step. They are read by the names that D4RL has for them, and two more.</summary>
public sealed record RecordedArrays
{
    /// <summary>The most steps that are read.</summary>
    internal const int MostSteps = 1 << 20;

    /// <summary>The most points of a scene that are read.</summary>
    internal const int MostPoints = 4096;

    // An episode of a gigabyte is none of this program's.
    private const long MostNumbers = 1 << 26;

    private const string QName = "q", PointsName = "points";

    /// <summary>s, what the policy saw [T×S].</summary>
    public required float[] Observations { get; init; }

    /// <summary>a, what it did [T×A].</summary>
    public required float[] Actions { get; init; }

    /// <summary>r [T]; in order they add up to the return.</summary>
    public required double[] Rewards { get; init; }

    /// <summary>Q(s, a) by the run's critic [T]; null where there is none.</summary>
    public float[]? Q { get; init; }

    /// <summary>Where the scene's points were before the first step and after each [T+1×P×3], m; null where there is no scene.</summary>
    public float[]? Points { get; init; }

    /// <summary>Whether it terminated, rather than being cut.</summary>
    public bool Terminated { get; init; }

    /// <summary>Its goal; null where there is none.</summary>
    public ScenePlace? Goal { get; init; }

    /// <summary>T.</summary>
    public int Length => Rewards.Length;

    /// <summary>Writes them as an .npz file.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    /// <exception cref="IOException">It is there, or cannot be written.</exception>
    public void Write(string path)
    {
        var ended = new bool[Length];
        using var file = new NpzWriter(path);
        file.Write(FieldNames.Observations, [Length, Observations.Length / Length], Observations);
        file.Write(FieldNames.Actions, [Length, Actions.Length / Length], Actions);
        file.Write(FieldNames.Rewards, [Length], Rewards);
        ended[^1] = Terminated;
        file.Write(FieldNames.Terminals, [Length], ended);
        ended[^1] = !Terminated;
        file.Write(FieldNames.Timeouts, [Length], ended);
        if (Q is not null)
            file.Write(QName, [Length], Q);
        if (Points is not null)
            file.Write(PointsName, [Length + 1, Points.Length / (Length + 1) / 3, 3], Points);
    }

    /// <summary>Reads what a picture needs of a file: rewards, Q and points.</summary>
    /// <param name="path">The file.</param>
    /// <param name="length">T.</param>
    /// <param name="points">P, the scene's points.</param>
    /// <returns>Rewards [T], Q [T] or null, points [T+1×P×3].</returns>
    /// <exception cref="InvalidFileException">It is broken, or of another episode.</exception>
    public static (float[] Rewards, float[]? Q, float[] Points) ReadPicture(string path, int length, int points)
    {
        if ((length + 1L) * points * 3 > MostNumbers)
            throw new InvalidFileException(path, $"is said to have {length} steps of {points} points, which is more than is read");
        using var file = NpzFile.Open(path);
        return (
            Read(FieldNames.Rewards, [length]),
            file.Names.Contains(QName) ? Read(QName, [length]) : null,
            Read(PointsName, [length + 1, points, 3]));

        float[] Read(string name, long[] shape)
        {
            using var array = file.Array(name) ?? throw new InvalidFileException(path, $"{name} is missing");
            if (!array.Shape.SequenceEqual(shape))
                throw new InvalidFileException(path, $"{name} is not [{string.Join('×', shape)}]");
            array.RequireNumbers();
            var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
            array.Read(values);
            return values;
        }
    }
}
